def test_upload(request):
    request.FILES["x"]
